import { globSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
}

const patient = {
  testTimeout: 90_000,
  hookTimeout: 120_000,
}

/** Kafka's topics and consumer groups are the same for all who use them: such a file runs alone. */
const systemTests = globSync('tests/{contract,integration,e2e,chaos}/**/*.test.ts')
const sharesEngines = (file: string): boolean => /inject\('(kafka|mongodb)Url'\)/.test(readFileSync(file, 'utf8'))

/**
 * `unit` runs in seconds without engines; `embedded` are whole services on engines of their own, side by side;
 * `engines` need Kafka and FerretDB or MongoDB (tests/support/engines/), one file after the other.
 */
export default defineConfig({
  test: {
    reporters: ['default', './tests/support/closing-line-reporter.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'services/*/src/**/*.test.ts',
            'tests/{unit,property,docs}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          ...patient,
          name: 'embedded',
          include: systemTests.filter((file) => !sharesEngines(file)),
        },
      },
      {
        test: {
          ...patient,
          name: 'engines',
          globalSetup: ['tests/support/global-setup.ts'],
          include: systemTests.filter(sharesEngines),
          fileParallelism: false,
        },
      },
    ],
  },
})
