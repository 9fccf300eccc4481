/**
 * For the health check of a container: ends with 0 when the service that runs beside it is ready, else with 1. A
 * container runs one service, so whichever port answers is its own.
 *
 *   node scripts/check-health.ts
 */
const PORTS = [
  ['GATEWAY_PORT', 3031],
  ['API_PORT', 3032],
  ['WORKER_PORT', 3034],
] as const
const WITHIN_MS = 4_000

const isReady = async ([variable, otherwise]: (typeof PORTS)[number]): Promise<true> => {
  const { ok } = await fetch(`http://127.0.0.1:${process.env[variable] || otherwise}/readyz`, {
    signal: AbortSignal.timeout(WITHIN_MS),
  })
  if (!ok) throw new Error('not ready')
  return true
}

process.exitCode = await Promise.any(PORTS.map(isReady)).then(
  () => 0,
  () => 1,
)
