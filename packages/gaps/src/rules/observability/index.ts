import type { Rule } from '../rule.ts'
import { absentMetric } from './absent-metric.ts'
import { alertsToNobody } from './alerts-to-nobody.ts'
import { collectorPipelines } from './collector.ts'
import { deadTarget } from './dead-target.ts'
import { missingExporter } from './missing-exporter.ts'
import { noPath } from './no-path.ts'
import { notScraped } from './not-scraped.ts'
import { ruleFiles } from './rule-files.ts'
import { silentReceiver } from './silent-receiver.ts'
import { undefinedReceiver } from './undefined-receiver.ts'
import { unparsableRule } from './unparsable-rule.ts'

export const observabilityRules: readonly Rule[] = [
  deadTarget,
  notScraped,
  absentMetric,
  unparsableRule,
  ruleFiles,
  alertsToNobody,
  undefinedReceiver,
  silentReceiver,
  collectorPipelines,
  missingExporter,
  noPath,
]
