import { DEPLOYED_SERVICES } from './configured-services.ts'
import type { Setting } from './settings-of.ts'

const INTRODUCTION = `# The environment of the three services: copy it to \`.env\`, and fill in what has no value.
# Made from the code by \`npm run docs\`; what each variable means in full is in docs/configuration.md.
# \`docker compose\` sets EVENT_LOG_URL and STORE_URL to its own Kafka and MongoDB where they are empty here.`

/** Every variable once, with the services that read it; what has a default is commented out. */
export function renderEnvExample(): string {
  const services = new Map<string, { readonly setting: Setting; readonly readBy: string[] }>()
  for (const { title, settings } of DEPLOYED_SERVICES) {
    for (const setting of settings) {
      const known = services.get(setting.name) ?? { setting, readBy: [] }
      services.set(setting.name, known)
      known.readBy.push(title.toLowerCase())
    }
  }
  const all = [...services.values()]
  const required = all.filter(({ setting }) => setting.required)
  const optional = all.filter(({ setting }) => !setting.required)
  return `${[
    INTRODUCTION,
    '# --- Required ---',
    ...required.map(paragraph),
    '# --- Optional ---',
    ...optional.map(paragraph),
  ].join('\n\n')}\n`
}

function paragraph({ setting, readBy }: { readonly setting: Setting; readonly readBy: readonly string[] }): string {
  const notes = [setting.secret ? 'secret' : '', `read by: ${readBy.join(', ')}`].filter((note) => note !== '')
  const assignment = `${setting.name}=${setting.otherwise ?? ''}`
  return `# ${setting.meaning} (${notes.join('; ')})\n${setting.required ? assignment : `# ${assignment}`}`
}
