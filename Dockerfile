# The image of Waybill: one static binary and nothing else.
#
#   docker build -t localhost/waybill:dev .     all stages
#   make image                                  the same last stage without a Docker engine, from a binary built here

ARG RUST=1.95
ARG NODE=22

FROM node:${NODE}-bookworm-slim AS page
WORKDIR /src/crates/analytics/web
COPY crates/analytics/web/package.json crates/analytics/web/package-lock.json ./
RUN --mount=type=cache,target=/var/cache/npm npm ci --cache /var/cache/npm --no-audit --no-fund
COPY proto /src/proto
COPY crates/analytics/web ./
RUN npm run build

FROM rust:${RUST}-bookworm AS binary
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools && rm -rf /var/lib/apt/lists/* \
    && rustup target add x86_64-unknown-linux-musl
WORKDIR /src
COPY . .
COPY --from=page /src/crates/analytics/web/dist crates/analytics/web/dist
# Dependencies are compiled once: the registry and the target folder stay in the builder's cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    scripts/static-binary /out/waybill

# What both ways put into the image, laid out as it will be there.
FROM binary AS files
RUN mkdir -p /image/etc/ssl/certs \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && cp /out/waybill /image/waybill

FROM scratch
COPY --from=files /image /
# No user database is in the image, so the user is a number.
USER 65532:65532
# Of a time zone, a locale or a home nothing is read. Data goes where a volume is mounted.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
EXPOSE 8080 8081 8082 9080 9081 9082
ENTRYPOINT ["/waybill"]
CMD ["--help"]
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="waybill" \
      org.opencontainers.image.description="Assigns shipments to drivers with the highest total suitability, and proves it" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
