import { defineConfig } from 'vitest/config'

const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
}

/** `unit` runs in seconds without engines; `engines` needs Kafka and FerretDB or MongoDB (tests/support/engines/). */
export default defineConfig({
  test: {
    reporters: ['default', './tests/support/closing-line-reporter.ts'],
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
          ...shared,
          name: 'engines',
          include: ['tests/{contract,integration,e2e,chaos}/**/*.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
