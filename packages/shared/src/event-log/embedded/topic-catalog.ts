import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../errors/app-error.ts'
import type { TopicDefinition } from '../event-log.ts'

export interface EmbeddedPartition {
  readonly id: number
  readonly partition: number
  /** The offset that the next record gets. */
  nextOffset: number
  /** The oldest offset that may still be there. */
  oldestOffset: number
}

export interface EmbeddedTopic {
  readonly name: string
  readonly retentionMs: number
  readonly partitions: readonly EmbeddedPartition[]
}

/** The topics and how far each partition has got, in memory as in the file. */
export interface TopicCatalog {
  /** ENGINE_UNSUITABLE when there is none of that name. */
  get(name: string): EmbeddedTopic
  all(): Iterable<EmbeddedTopic>
  ensure(definitions: readonly TopicDefinition[]): void
}

export function loadTopicCatalog(database: DatabaseSync): TopicCatalog {
  const topics = new Map<string, EmbeddedTopic>()
  const insertTopic = database.prepare('INSERT INTO topics (name, retention_ms) VALUES (?, ?)')
  const insertPartition = database.prepare('INSERT INTO partitions (topic, partition) VALUES (?, ?)')

  for (const { name, retention_ms } of database.prepare('SELECT name, retention_ms FROM topics').all()) {
    topics.set(name as string, { name: name as string, retentionMs: retention_ms as number, partitions: [] })
  }
  const found = database.prepare(`
    SELECT id, topic, partition, next_offset,
      (SELECT min("offset") FROM records WHERE partition_id = partitions.id) AS oldest_offset
    FROM partitions ORDER BY topic, partition`)
  for (const row of found.all()) {
    const nextOffset = row.next_offset as number
    const oldestOffset = (row.oldest_offset ?? nextOffset) as number
    const partition = { id: row.id as number, partition: row.partition as number, nextOffset, oldestOffset }
    ;(topics.get(row.topic as string)!.partitions as EmbeddedPartition[]).push(partition)
  }

  function create({ name, partitions, retentionMs }: TopicDefinition): EmbeddedTopic {
    insertTopic.run(name, retentionMs)
    const created: EmbeddedPartition[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const id = Number(insertPartition.run(name, partition).lastInsertRowid)
      created.push({ id, partition, nextOffset: 0, oldestOffset: 0 })
    }
    return { name, retentionMs, partitions: created }
  }

  return {
    get(name) {
      const topic = topics.get(name)
      if (topic) return topic
      throw new AppError('ENGINE_UNSUITABLE', `There is no topic "${name}": it must be made with ensureTopics first`)
    },
    all: () => topics.values(),
    ensure(definitions) {
      for (const { name, partitions } of definitions) {
        const existing = topics.get(name)?.partitions.length ?? partitions
        if (existing >= partitions) continue
        throw new AppError(
          'ENGINE_UNSUITABLE',
          `The topic "${name}" has ${existing} partition(s) and needs ${partitions}: begin with an empty folder`,
        )
      }
      database.exec('BEGIN')
      try {
        const created = definitions.filter(({ name }) => !topics.has(name)).map(create)
        database.exec('COMMIT')
        for (const topic of created) topics.set(topic.name, topic)
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
  }
}
