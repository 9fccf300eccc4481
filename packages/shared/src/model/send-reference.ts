/**
 * What a send carries as `metadata`, and its echo brings back: the command's id, with the part's number behind it for
 * every part after the first. It is the only handle by which a send can be found again when its answer is lost.
 */
export function sendReference(commandId: string, part: number): string {
  return part === 0 ? commandId : `${commandId}/${part + 1}`
}

/** The command that an echo's `metadata` may name. Other apps write what they like: the caller looks whether it exists. */
export function commandOfReference(metadata: string): string | null {
  return /^([A-Za-z0-9_.:-]{1,64})(?:\/[0-9]{1,3})?$/.exec(metadata)?.[1] ?? null
}

/** `_id` of the send's echo. */
export const sendKey = (tenantId: string, reference: string): string => `${tenantId}/${reference}`
