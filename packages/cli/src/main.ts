#!/usr/bin/env node
import { CommanderError } from 'commander'
import { ProblemError } from './call-pagesync.ts'
import { createProgram } from './create-program.ts'

const program = createProgram({
  environment: process.env,
  print: (text) => void process.stdout.write(`${text}\n`),
})

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else if (error instanceof ProblemError) {
    process.stderr.write(`pagesync: ${error.message}\n`)
    process.exitCode = 1
  } else throw error
}
