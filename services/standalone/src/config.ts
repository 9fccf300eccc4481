import { LimitSettings } from '@pagesync/api/access-settings.ts'
import { LogSettings, ScheduleSettings } from '@pagesync/shared/config/common-config.ts'
import { Port, Secret } from '@pagesync/shared/config/setting.ts'
import { type Static, Type } from '@sinclair/typebox'

/** The environment of the whole system in one process. */
export const StandaloneConfig = Type.Object({
  API_PORT: Port(3032, 'Port of the API; 0 takes any free one'),
  GATEWAY_PORT: Port(3031, 'Port of the webhook gateway; 0 takes any free one'),
  SIMULATOR_PORT: Port(3033, 'Port of the simulated Facebook; 0 takes any free one'),
  WORKER_PORT: Port(3034, "Port of the worker's health; 0 takes any free one"),
  HOST: Type.String({ maxLength: 255, default: '127.0.0.1', description: 'Address that all of them listen on' }),
  DATA_DIR: Type.String({
    minLength: 1,
    maxLength: 1024,
    default: './data',
    description: 'Folder of everything that is kept',
  }),
  EVENT_LOG_URL: Type.Optional(
    Secret({ pattern: '^(kafka://.+|embedded:.+)$', description: 'Another event log than the one in DATA_DIR' }),
  ),
  STORE_URL: Type.Optional(
    Secret({ pattern: '^(mongodb(\\+srv)?://.+|embedded:.+)$', description: 'Another store than the one in DATA_DIR' }),
  ),
  DEMO_CONVERSATIONS: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 60,
    description: 'Conversations of the demonstration page',
  }),
  DEMO_TRAFFIC_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 3600,
    default: 20,
    description: 'A simulated customer writes every so often; 0 for never',
  }),
  ...ScheduleSettings,
  ...LimitSettings,
  LOG_LEVEL: { ...LogSettings.LOG_LEVEL, default: 'warn' },
})
export type StandaloneConfig = Readonly<Static<typeof StandaloneConfig>>
