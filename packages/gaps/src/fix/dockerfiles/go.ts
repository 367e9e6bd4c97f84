import { exposeLines, type Program } from './program.ts'

/** One module with its main package at the top. */
export const goDockerfile = (program: Program): readonly string[] | undefined => {
  const { has } = program
  if (!has('go.mod') || !has('main.go')) return undefined
  return [
    'FROM golang:1 AS build',
    'WORKDIR /src',
    `COPY go.mod ${has('go.sum') ? 'go.sum ' : ''}./`,
    'RUN go mod download',
    'COPY . .',
    'RUN CGO_ENABLED=0 go build -o /out/app .',
    '',
    'FROM gcr.io/distroless/static-debian12:nonroot',
    'COPY --from=build /out/app /app',
    'USER nonroot',
    ...exposeLines(program),
    'ENTRYPOINT ["/app"]',
  ]
}
