/** A subscription, as its group sees it. */
export interface GroupMember {
  assign(partition: number): void
  /** Resolves when the member is done with the partition and somebody else may go on. */
  release(partition: number): Promise<void>
}

/** The subscriptions of each group in this process share the partitions: each one belongs to exactly one of them. */
export interface ConsumerGroups {
  join(topic: string, group: string, partitions: number, member: GroupMember): void
  /** Resolves when the member has given up all its partitions. */
  leave(topic: string, group: string, member: GroupMember): Promise<void>
}

interface Group {
  readonly members: GroupMember[]
  readonly owners: (GroupMember | undefined)[]
  /** Per partition, while it changes hands. */
  readonly moves: (Promise<void> | undefined)[]
}

export function createConsumerGroups(): ConsumerGroups {
  const groups = new Map<string, Group>()
  const nameOf = (topic: string, group: string): string => JSON.stringify([topic, group])

  /** Partitions go round the members in turn. */
  const wantedOwner = ({ members }: Group, partition: number): GroupMember | undefined =>
    members[partition % members.length]

  async function move(group: Group, partition: number): Promise<void> {
    // Whom it should go to may change while its owner finishes.
    while (group.owners[partition] !== wantedOwner(group, partition)) {
      await group.owners[partition]?.release(partition)
      const next = wantedOwner(group, partition)
      group.owners[partition] = next
      next?.assign(partition)
    }
    group.moves[partition] = undefined
  }

  async function rebalance(group: Group): Promise<void> {
    for (let partition = 0; partition < group.owners.length; partition++) {
      if (group.moves[partition] || group.owners[partition] === wantedOwner(group, partition)) continue
      group.moves[partition] = move(group, partition)
    }
    await Promise.all(group.moves)
  }

  return {
    join(topic, name, partitions, member) {
      const key = nameOf(topic, name)
      const none = (): undefined[] => new Array<undefined>(partitions).fill(undefined)
      const group = groups.get(key) ?? { members: [], owners: none(), moves: none() }
      groups.set(key, group)
      group.members.push(member)
      void rebalance(group)
    },
    async leave(topic, name, member) {
      const key = nameOf(topic, name)
      const group = groups.get(key)
      const at = group?.members.indexOf(member) ?? -1
      if (!group || at < 0) return
      group.members.splice(at, 1)
      await rebalance(group)
      if (group.members.length === 0 && groups.get(key) === group) groups.delete(key)
    },
  }
}
