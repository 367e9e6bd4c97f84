import { reach, type Reached } from '../../systems/reach.ts'
import type { ScrapeEvidence, ServiceEvidence, System } from '../../systems/system.ts'

/** A job of a scraper that runs in the stack. */
export type Job = { scraper: ServiceEvidence; scrape: ScrapeEvidence }

/** Jobs whose scraper is known; a configuration that nothing mounts scrapes nothing. */
export const jobsOf = (system: System): readonly Job[] =>
  system.scrapes.flatMap((scrape) => {
    const scraper = scrape.by === undefined ? undefined : system.services.get(scrape.by)
    return scraper === undefined || scrape.kind === 'promtail' ? [] : [{ scraper, scrape }]
  })

export type Target = Job & { target: ScrapeEvidence['targets'][number]; reached: Reached }

export const targetsOf = (system: System): readonly Target[] =>
  jobsOf(system).flatMap(({ scraper, scrape }) =>
    scrape.targets.flatMap((target) =>
      target.host === undefined
        ? []
        : [{ scraper, scrape, target, reached: reach(system, scraper, target.host) }],
    ),
  )

export type Scraped = {
  /** The services that are asked for metrics. */
  services: ReadonlySet<string>
  /** False when targets are found at run time, or are somewhere that is not known. */
  isComplete: boolean
  /** A job to show; undefined: nobody scrapes. */
  job: Job | undefined
}

/** Who is scraped, and whether that is all. */
export const scrapedOf = (system: System): Scraped => {
  const jobs = jobsOf(system)
  const targets = targetsOf(system)
  const services = new Set(
    targets.flatMap(({ reached, scraper }) =>
      reached.kind === 'service'
        ? [reached.service.name]
        : reached.kind === 'self'
          ? [scraper.name]
          : [],
    ),
  )
  const isComplete =
    jobs.every(
      ({ scrape }) =>
        !scrape.isDiscovered && scrape.targets.every(({ host }) => host !== undefined),
    ) && targets.every(({ reached }) => ['service', 'self', 'nobody'].includes(reached.kind))
  return { services, isComplete, job: jobs[0] }
}

const takesPushes = /remote-write-receiver|otlp-receiver|remoteWrite|receive/i

/** Can metrics come in by another way than scraping? */
export const isPushedTo = (system: System): boolean => {
  const scrapers = new Set(jobsOf(system).map(({ scraper }) => scraper))
  const isOpen = [...scrapers].some(
    ({ model, image }) =>
      (model.command ?? []).some((word) => takesPushes.test(word)) ||
      !/(?:^|\/)prometheus$/.test(image?.name ?? ''),
  )
  const pushes = /otel|opentelemetry|alloy|grafana\/agent|telegraf|vector|netdata|vmagent|datadog/i
  return isOpen || [...system.services.values()].some(({ image }) => pushes.test(image?.name ?? ''))
}
