# One image for all services: which of them runs is the command's choice. TypeScript runs as it is, there is no build.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/cli/package.json packages/cli/
COPY packages/graph-simulator/package.json packages/graph-simulator/
COPY packages/shared/package.json packages/shared/
COPY services/api/package.json services/api/
COPY services/standalone/package.json services/standalone/
COPY services/sync-worker/package.json services/sync-worker/
COPY services/webhook-gateway/package.json services/webhook-gateway/
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app ./
COPY packages packages
COPY services services
COPY scripts/check-health.ts scripts/
# For `npm start` alone (services/standalone); the three services keep nothing on their own disk.
RUN mkdir data && chown node:node data
USER node
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 CMD ["node", "scripts/check-health.ts"]
CMD ["node", "-e", "console.error('Say which service: node services/webhook-gateway/src/main.ts, services/sync-worker/src/main.ts or services/api/src/main.ts'); process.exit(64)"]
