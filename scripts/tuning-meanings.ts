/** What the fields below `x-keelson` of the entities of a Kong file mean. */
export const tuningMeanings: Readonly<Record<string, string>> = {
  'service.retry.on':
    'What is tried again: no connection, a connection that broke, no answer in time, one of `statuses`',
  'service.retry.statuses': 'Answers that are tried again, with `status` in `on`',
  'service.retry.methods':
    'Methods that are sent again; null: those that may be repeated (RFC 9110 9.2.2). What was never sent is tried again in any case',
  'service.retry.attempts': 'Attempts in all, the first included',
  'service.retry.budget':
    'Retries as a share of requests; ten a second are always allowed, so that retries cannot multiply an outage',
  'service.retry.back_off_ms': 'Pause before the first retry; it doubles',
  'service.retry.back_off_max_ms': 'Longest pause',
  'service.total_timeout_ms': 'From the first byte of the request to the last of the answer',
  'service.hedge.after_ms':
    'A second attempt is made elsewhere when the first has not answered for so long; safe methods only',
  'service.hedge.max': 'Further attempts',
  'service.bulkhead.max_in_flight': 'Requests to this service at once',
  'service.bulkhead.max_queue': 'Requests that may wait for their turn; more are answered 503',
  'service.bulkhead.max_wait_ms': 'How long they wait',
  'service.adaptive_concurrency.min': 'Lowest limit of requests at once; it follows the latency',
  'service.adaptive_concurrency.max': 'Highest limit',
  'service.adaptive_concurrency.tolerance':
    'How many times the usual latency is taken for usual; beyond, the limit sinks',
  'service.mirror.service': 'Service that gets copies, whose answers nobody reads',
  'service.mirror.percent': 'Share of requests that are copied',
  'service.mirror.body_limit': 'Bytes; requests with a larger body are not copied',
  'service.failover':
    'Service that takes the requests when no target of this one is well or takes connections',
  'service.split.rules':
    'Services that take some of the requests. Rules with `header` or `consumers` take whom they name, the first that fits; those with `weight` take that percentage; what is left stays',
  'service.split.sticky': 'The same caller (consumer, else address) meets the same service',
  'service.split.canary.steps':
    'Percentages for the rule that has a weight, one step after the other',
  'service.split.canary.step_ms': 'Shortest time of a step',
  'service.split.canary.max_error_rate':
    'Share of answers from 500 and failures above which all requests go back',
  'service.split.canary.max_p95_ratio': 'The same for its p95 in relation to that of the rest',
  'service.split.canary.min_requests': 'Requests of a step before it is judged',
  'service.http_version': 'How HTTP is spoken to the targets',
  'service.proxy_protocol':
    'Connections begin with a header of the PROXY protocol that names the client; each serves one request. Not with HTTP/2',
  'upstream.sticky.cookie': 'Name of the cookie that names the target; the gateway sets it',
  'upstream.sticky.ttl_s': 'Seconds for which it is good; null: until the browser ends',
  'upstream.sticky.secure': 'Sends the cookie over https only',
  'upstream.slow_start_ms':
    'Time in which a target that came (back) gets from a tenth to all of its weight',
  'upstream.zone': 'Targets of this zone first, as long as one of them is well',
  'upstream.ejection.base_ms':
    'How long a target is out the first time; it doubles. Without `ejection`: 5,000',
  'upstream.ejection.max_ms': 'Longest time out. Without `ejection`: 60,000',
  'upstream.ejection.max_percent':
    'Share of the targets that may be out at a time. Without `ejection`: 100',
  'upstream.outlier.interval_ms': 'How often targets are compared',
  'upstream.outlier.min_requests': 'Requests of a target in that time before it is compared',
  'upstream.outlier.consecutive_failures':
    'Answers from 500 and failures in a row that eject a target',
  'upstream.outlier.success_rate_deviations':
    'Standard deviations below the mean success rate that eject a target, with three targets or more; 0 is off',
  'upstream.panic_threshold':
    'Percentage of weight that must be available; below it the verdicts are taken for wrong, and all targets are used. 50 unless given',
  'upstream.breaker.failures': 'Failures in a row that open the circuit of a target',
  'upstream.breaker.error_rate': 'Share of failures in the window that opens it',
  'upstream.breaker.window_ms': 'Length of the window',
  'upstream.breaker.min_requests': 'Requests in the window before the share counts',
  'upstream.breaker.open_ms': 'How long it stays open before single requests try the target again',
  'upstream.breaker.ramp_ms': 'Time in which traffic then grows back to all of it',
  'target.zone': 'Zone of the target, for `zone` of its upstream',
  'route.segments':
    "`/shop` takes `/shop` and `/shop/x`, and not `/shopping`, which Kong's prefixes do. false unless given",
  'route.version.api': 'Name that the routes of one API share',
  'route.version.version': 'Version that this route serves',
  'route.version.by': 'What names the version in a request',
  'route.version.header': 'Name of the header, with `by: header`',
  'route.version.default': 'Requests that name no version come here; else they are answered 406',
  'route.version.deprecated_at': 'RFC 3339 date for `Deprecation` (RFC 9745)',
  'route.version.sunset_at': 'RFC 3339 date for `Sunset` (RFC 8594)',
  'route.version.link': 'Address for `Link` with both',
  'route.timeout_ms': 'The whole answer within so long',
}
