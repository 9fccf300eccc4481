import {
  AttachmentSettings,
  EventLogSettings,
  FacebookAppSettings,
  GraphSettings,
  HttpSettings,
  LoginSettings,
  LogSettings,
  PrivacySettings,
  StoreSettings,
  TokenSettings,
} from '@pagesync/shared/config/common-config.ts'
import { Port, Secret } from '@pagesync/shared/config/setting.ts'
import { type Static, Type } from '@sinclair/typebox'
import { HardeningSettings, JwtSettings, LimitSettings } from './access-settings.ts'

/** The environment of the API. */
export const ApiConfig = Type.Object({
  API_PORT: Port(3032, 'Port of the API; 0 takes any free one'),
  API_HOST: Type.String({ maxLength: 255, default: '0.0.0.0', description: 'Address to listen on' }),
  OPERATOR_TOKEN: Type.Optional(
    Secret({
      minLength: 32,
      // What RFC 6750 lets a bearer token consist of: any other could never be sent.
      pattern: '^[A-Za-z0-9._~+/=-]*$',
      description: 'Bearer token of the operator; without it the routes of tenants do not exist',
    }),
  ),
  ...JwtSettings,
  ...LimitSettings,
  ...HardeningSettings,
  ...AttachmentSettings,
  COMMAND_WAIT_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 60,
    default: 25,
    description: 'How long a request waits for its command before it answers 202',
  }),
  COMMAND_WAITERS_MAX: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 1000,
    description: 'How many requests may wait at the same time; those beyond it answer 202 at once',
  }),
  ...PrivacySettings,
  FB_APP_ID: FacebookAppSettings.FB_APP_ID,
  FB_APP_SECRET: FacebookAppSettings.FB_APP_SECRET,
  FB_APP_SECRET_PREVIOUS: FacebookAppSettings.FB_APP_SECRET_PREVIOUS,
  ...TokenSettings,
  ...LoginSettings,
  ...GraphSettings,
  ...EventLogSettings,
  ...StoreSettings,
  ...LogSettings,
  ...HttpSettings,
})
export type ApiConfig = Static<typeof ApiConfig>
