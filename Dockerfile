# Warmbox's images. `manager` and `executor` are what a cluster runs; `local` is both in one container, for docker-compose.yml.
# The bundles are JavaScript, the same for every architecture; beside the executor's lies an addon for the image's own.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/addon.js scripts/
ARG TARGETARCH
RUN node scripts/addon.js "$TARGETARCH"
COPY .swcrc tsconfig.json ./
COPY scripts/build.js scripts/class.names.js scripts/compile.mjs scripts/
COPY libs libs
COPY apps apps
# Source maps are for whoever reads a stack trace beside the repository.
RUN npm run build && rm dist/*/*.js.map dist/executor/*.compiled

FROM node:24-bookworm-slim AS base

FROM base AS manager
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/dpkg.log /var/log/apt
COPY --from=build /build/dist/manager /app/manager
ENV NODE_ENV=production
USER 1000:1000
EXPOSE 8668
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--disable-sigusr1", "/app/manager/main.js"]

FROM base AS executor
# For the code that runs here: Python with pip and venv, git, curl, ps and pkill; Node with npm is in the base.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates curl git procps python3 python3-pip python3-venv tini \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/dpkg.log /var/log/apt \
  # The root is read-only, so pip installs below HOME, and Debian's own packages need no guard.
  && printf '[global]\nbreak-system-packages = true\ndisable-pip-version-check = true\n' > /etc/pip.conf \
  # The workspace is a volume that Kubernetes gives to root, and everybody in here is one user.
  && git config --system safe.directory '*' \
  && ln -s python3 /usr/bin/python \
  # By these names the executor is started: tini's command line shows them to everybody in here, and `pkill -f node` must not match it.
  && mkdir /warmbox && ln -s /usr/local/bin/node /warmbox/warmboxd && ln -s /app/executor/main.js /warmbox/self \
  && install -d -o 1000 -g 1000 /workspace \
  # Programs that ask passwd for their home (ssh) and those that take HOME agree.
  && usermod --home /workspace node
COPY --from=build /build/dist/executor /app/executor
# For this processor and this Node, which need not be those that built the bundle.
COPY scripts/compile.mjs /tmp/
RUN /warmbox/warmboxd --disable-sigusr1 --max-semi-space-size=2 --single-threaded --heap-growing-percent=20 /tmp/compile.mjs /app/executor && rm /tmp/compile.mjs
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
USER 1000:1000
WORKDIR /workspace
EXPOSE 8666
ENTRYPOINT ["/usr/bin/tini", "--", "/warmbox/warmboxd", "--disable-sigusr1", "--max-semi-space-size=2", "--single-threaded", "--heap-growing-percent=20", "/warmbox/self"]

FROM executor AS local
COPY --from=build /build/dist/manager /app/manager
COPY --from=build /build/dist/local /app/local
EXPOSE 8668
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--disable-sigusr1", "/app/local/main.js"]
