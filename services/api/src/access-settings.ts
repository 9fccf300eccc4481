import { Secret } from '@pagesync/shared/config/setting.ts'
import { Type } from '@sinclair/typebox'

/** How callers prove who they are, beside API keys. Nothing set: API keys alone. */
export const JwtSettings = {
  JWT_SECRET: Type.Optional(
    Secret({ minLength: 32, description: 'Shared secret of JWTs signed with HS256; without it those are refused' }),
  ),
  JWT_JWKS_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      maxLength: 1024,
      description:
        'Where the public keys of JWTs signed with RS256 or ES256 are; needs JWT_ISSUER and JWT_AUDIENCE. https, but for 127.0.0.1',
    }),
  ),
  JWT_ALGORITHMS: Type.String({
    pattern: '^(RS256|ES256)(,(RS256|ES256))?$',
    default: 'RS256,ES256',
    description: 'Which of RS256 and ES256 are believed, by comma',
  }),
  JWT_ISSUER: Type.Optional(Type.String({ maxLength: 1024, description: 'What `iss` of every JWT must be' })),
  JWT_AUDIENCE: Type.Optional(Type.String({ maxLength: 1024, description: 'What `aud` of every JWT must name' })),
  JWT_CLOCK_TOLERANCE_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 300,
    default: 30,
    description: "How far the issuer's clock may be from ours",
  }),
}

/** How much is answered. 0 is no limit. */
export const LimitSettings = {
  FULL_SYNC_EVERY_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 86_400,
    default: 300,
    description: 'A full sync of one page can be asked for once in so long; 0 for no limit',
  }),
  PULLS_PER_MINUTE: Type.Integer({
    minimum: 0,
    maximum: 1_000,
    default: 10,
    description: 'How many other pulls of one page can be asked for in a minute; 0 for no limit',
  }),
  KEY_REQUESTS_PER_MINUTE: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 12_000,
    description: 'How many requests each instance takes from one API key, or one person, in a minute; 0 for no limit',
  }),
  REFUSALS_PER_MINUTE: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 120,
    description:
      'After so many requests without valid credentials an address is answered 429 until the minute is over; 0 for no limit',
  }),
}

export const HardeningSettings = {
  CORS_ORIGINS: Type.Optional(
    Type.String({
      pattern: '^https?://[^/,\\s*]+(,https?://[^/,\\s*]+)*$',
      maxLength: 4096,
      description: 'Origins, by comma, whose pages in a browser may call the API; none if unset',
    }),
  ),
}
