# syntax=docker/dockerfile:1
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci
COPY src src
RUN npm run build && npm prune --omit=dev

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends iproute2 util-linux ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
# In a folder of the volume that is mounted at /var/lib/route-sync: the mount itself may be writable by others.
ENV STATE_DIRECTORY=/var/lib/route-sync/state
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/main.js"]
CMD ["run"]
