import { ENVIRONMENT_VARIABLES } from '@pagesync/graph-simulator/read-environment.ts'
import { CONFIGURED_SERVICES, type ConfiguredService } from './configured-services.ts'
import { GENERATED, table } from './markdown.ts'
import type { Setting } from './settings-of.ts'

const INTRODUCTION = `# Configuration

Each service reads environment variables once, at its start, and tells **all** problems at once, each with the
variable's name; a secret's value is never repeated. An empty variable counts as not set. A variable that begins with
\`FB_\` or \`PAGESYNC_\` and that Pagesync does not know is refused, since it is most likely a typing mistake.

No service reads a file by itself. To take the variables from \`.env\` (a copy of \`.env.example\`):
\`npx node --env-file=.env services/webhook-gateway/src/main.ts\`, and the same for the others. \`docker compose\`
reads \`.env\` by itself.

Engines are chosen by the scheme of their URL:

${table(
  ['variable', 'form', 'engine'],
  [
    ['`EVENT_LOG_URL`', '`kafka://host:9092,host2:9092`', 'Kafka, without TLS and without a password'],
    [
      '',
      '`…?replication=3&min_isr=2`',
      'copies of each topic that the services create, and how many of them must have a record before it counts as ' +
        'written; these are the defaults; for a single broker `?replication=1&min_isr=1`',
    ],
    ['', '`embedded:./data`', 'a file in this folder, for one process alone'],
    ['`STORE_URL`', '`mongodb://host:27017/pagesync`, `mongodb+srv://…`', 'MongoDB or FerretDB/DocumentDB'],
    ['', '`embedded:./data`', 'a file in this folder, for one process alone'],
  ],
)}`

export function renderConfiguration(): string {
  const sections = CONFIGURED_SERVICES.map(section)
  return `${[INTRODUCTION, GENERATED, ...sections, simulatorSection(), testSection()].join('\n\n')}\n`
}

function section({ title, script, settings }: ConfiguredService): string {
  const rows = settings.map((setting) => [`\`${setting.name}\``, setting.type, otherwise(setting), meaning(setting)])
  return `## ${title}\n\n\`npm ${script === 'start' ? 'start' : `run ${script}`}\`\n\n${table(['variable', 'type', 'default', 'meaning'], rows)}`
}

function otherwise({ required, otherwise }: Setting): string {
  if (required) return '**required**'
  return otherwise === undefined ? 'not set' : `\`${otherwise}\``
}

const meaning = ({ secret, meaning }: Setting): string => (secret ? `${meaning}. **Secret**` : meaning)

function simulatorSection(): string {
  const rows = Object.entries(ENVIRONMENT_VARIABLES).map(([name, about]) => [`\`${name}\``, about])
  return `## Simulated Facebook\n\n\`npm run start:simulator\`\n\n${table(['variable', 'meaning'], rows)}`
}

function testSection(): string {
  const rows = [
    ['`TEST_KAFKA_BROKERS`', '`host:port,host:port` of a Kafka to test against; nothing is started then'],
    ['`TEST_MONGODB_URI`', '`mongodb://host:port/` of a server to test against; nothing is started then'],
    ['`PAGESYNC_ENGINES_DIR`', 'where the scripts in `scripts/engines` install engines; `~/.cache/pagesync-engines`'],
    ['`CI`', 'when set, an engine that cannot be had is a failure and not a skip'],
  ]
  return `## Tests\n\n\`npm test\`\n\n${table(['variable', 'meaning'], rows)}`
}
