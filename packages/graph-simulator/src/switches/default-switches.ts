import { type Switches, SwitchesSchema } from './switches.ts'

/** A fresh object of all switches with their defaults. */
export function defaultSwitches(): Switches {
  const defaults = Object.entries(SwitchesSchema.properties).map(([name, schema]) => [
    name,
    structuredClone(schema.default),
  ])
  return Object.fromEntries(defaults) as Switches
}
