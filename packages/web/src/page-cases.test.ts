import { accessCases } from './access/access-cases.ts'
import { grantsCases } from './access/grants-cases.ts'
import { accountCases } from './account/account-cases.ts'
import { factorCases } from './account/factor-cases.ts'
import { tokenCases } from './account/token-cases.ts'
import { auditCases } from './audit/audit-cases.ts'
import { deviceCases } from './device/device-cases.ts'
import { gapFindingsCases } from './gaps/gap-findings-cases.ts'
import { gapsPageCases } from './gaps/gaps-page-cases.ts'
import { gatewayCases } from './gateway/gateway-cases.ts'
import { gatewayChangeCases } from './gateway/gateway-change-cases.ts'
import { connectionCases } from './live/connection-cases.ts'
import { logCases } from './logs/log-cases.ts'
import { mapCases } from './map/map-cases.ts'
import { overviewCases } from './overview/overview-cases.ts'
import { peopleCases } from './people/people-cases.ts'
import { signInSettingsCases } from './providers/sign-in-settings-cases.ts'
import { serviceAccountsCases } from './service-accounts/service-accounts-cases.ts'
import { serviceCases } from './service/service-cases.ts'
import { servicesCases } from './services/services-cases.ts'
import { closedCases } from './shell/closed-cases.ts'
import { shellCases } from './shell/shell-cases.ts'
import { secondStepCases } from './sign-in/second-step-cases.ts'
import { signInCases } from './sign-in/sign-in-cases.ts'
import { stackPageCases } from './stack/stack-page-cases.ts'
import { systemCases } from './system/system-cases.ts'
import { usePages } from './test-fixture/page-tools.ts'

/** What people do on the pages: in a real browser, against an API that answers the same every time. */

const tools = usePages()

overviewCases(tools)
servicesCases(tools)
mapCases(tools)
serviceCases(tools)
logCases(tools)
shellCases(tools)
signInCases(tools)
secondStepCases(tools)
accessCases(tools)
grantsCases(tools)
serviceAccountsCases(tools)
signInSettingsCases(tools)
auditCases(tools)
closedCases(tools)
connectionCases(tools)
peopleCases(tools)
accountCases(tools)
factorCases(tools)
tokenCases(tools)
deviceCases(tools)
stackPageCases(tools)
systemCases(tools)
gapsPageCases(tools)
gapFindingsCases(tools)
gatewayCases(tools)
gatewayChangeCases(tools)
