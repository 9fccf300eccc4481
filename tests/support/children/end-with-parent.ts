/**
 * Loaded before what is started (`--import`): whoever started this process holds its standard input open, and when that
 * is gone, however it ended, so is this process. It keeps nothing alive by itself.
 */
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL')).resume()
;(process.stdin as unknown as { unref(): void }).unref()
