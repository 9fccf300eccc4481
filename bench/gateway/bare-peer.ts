import Fastify from 'fastify'

/** Peer (a): the least that a Fastify server can do with a webhook. It reads the body and answers. */
const app = Fastify({ bodyLimit: 2 * 1024 * 1024 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/api/facebook/webhook', async () => 'EVENT_RECEIVED')
app.get('/livez', async () => ({ status: 'alive' }))
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)))
