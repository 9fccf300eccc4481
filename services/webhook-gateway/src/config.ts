import {
  EventLogSettings,
  FacebookAppSettings,
  HttpSettings,
  LogSettings,
  StoreSettings,
} from '@pagesync/shared/config/common-config.ts'
import { Port } from '@pagesync/shared/config/setting.ts'
import { type Static, Type } from '@sinclair/typebox'

/** The environment of the webhook gateway. */
export const GatewayConfig = Type.Object({
  GATEWAY_PORT: Port(3031, 'Port on which Facebook reaches us; 0 takes any free one'),
  GATEWAY_HOST: Type.String({ maxLength: 255, default: '0.0.0.0', description: 'Address to listen on' }),
  ...EventLogSettings,
  ...StoreSettings,
  ...LogSettings,
  ...HttpSettings,
  FB_APP_SECRET: FacebookAppSettings.FB_APP_SECRET,
  FB_APP_SECRET_PREVIOUS: FacebookAppSettings.FB_APP_SECRET_PREVIOUS,
  FB_VERIFY_TOKEN: FacebookAppSettings.FB_VERIFY_TOKEN,
})
export type GatewayConfig = Static<typeof GatewayConfig>
