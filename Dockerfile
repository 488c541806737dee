# The agent beside its router. docs/container.md says how it is run, and why it is made like this.
ARG BASE=docker.io/library/node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json ./
# Nothing that is installed here needs its install script.
RUN npm ci --ignore-scripts
COPY src src
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && find node_modules -type f \( -name '*.d.*ts' -o -name '*.map' \) -delete

FROM ${BASE}
# iproute2: `ip` reads and writes this host's routes; it brings `setcap`. util-linux: `flock` holds the lock of each
# upstream, `setpriv` see below. openssh-client: `ssh` goes to all other routers. ca-certificates: Debian's bundle of
# public CAs for `cacert`, as Node brings its own only for itself. tini: PID 1, reaps orphans and passes signals on.
#
# Most engines give a user other than root no capability that survives an exec, and `ip` drops one that its own file
# has. So three files may take CAP_NET_ADMIN where the container was given it: tini, the shell of our launcher, and the
# setpriv that makes it ambient. All three, as with no_new_privs only a process that has it can hand it on. None of them
# insists: routers over SSH need no capability.
#
# What could give a user more rights, install software or keep files elsewhere goes.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates iproute2 openssh-client tini util-linux \
 && mkdir -p /usr/local/libexec/route-sync \
 && cp /usr/bin/dash /usr/bin/setpriv /usr/local/libexec/route-sync/ \
 && for file in /usr/bin/tini /usr/local/libexec/route-sync/*; do setcap cap_net_admin+p "$file" || exit 1; done \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /opt/yarn* \
 && find /usr/local/bin -xtype l -delete \
 && find /var/cache /var/log -type f -delete \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && find / -xdev -type d -perm -2 ! -path /tmp -exec chmod o-w {} +

# OpenSSH asks /etc/passwd who we are. Any user may write into the folders: the agent makes its own in them.
RUN echo 'route-sync:x:65532:65532::/home/route-sync:/usr/sbin/nologin' >>/etc/passwd \
 && echo 'route-sync:x:65532:' >>/etc/group \
 && mkdir /home/route-sync \
 && install -d -m 1777 /var/lib/route-sync /run/route-sync

# With the capability where we have it, without it where not.
RUN printf '%s\n' >/usr/local/bin/route-sync \
      '#!/usr/local/libexec/route-sync/dash' \
      'set -- node --enable-source-maps /app/dist/main.js "$@"' \
      'with="/usr/local/libexec/route-sync/setpriv --inh-caps +net_admin --ambient-caps +net_admin"' \
      '$with true 2>/dev/null && exec $with "$@"' \
      'exec "$@"' \
 && chmod 755 /usr/local/bin/route-sync

WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist

# A folder in the volume, as the root of a volume may be writable by others.
ENV STATE_DIRECTORY=/var/lib/route-sync/state RUNTIME_DIRECTORY=/run/route-sync
# One arena: each thread of Node would have its own, and none of them gives memory back. The threshold is half of glibc's
# own, which grows unless it is set.
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536
USER 65532:65532
ENTRYPOINT ["tini", "--", "route-sync"]
CMD ["run"]
# The first cycle reads the whole cloud, which may take minutes.
HEALTHCHECK --start-period=5m --interval=30s --timeout=10s --retries=3 CMD ["route-sync", "health"]

ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="route-sync" \
      org.opencontainers.image.description="Keeps static routes of upstream routers in step with OpenStack Neutron" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
