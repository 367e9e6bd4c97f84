// The step library: what a workflow can be made of. The runner carries the steps out.

export const stepLibrary = {
  test_asset: { title: 'Test the connection of an asset', needs: ['asset'] },
  check_http: { title: 'Ask an address for an answer below 400', needs: ['url'] },
  notify: { title: 'Send a notification by a channel', needs: ['channel', 'template'] },
  pause: { title: 'Wait, at most 60 seconds', needs: ['seconds'] },
}

const stepsMax = 50

/**
 * What is wrong with the steps of a workflow, in words; undefined when nothing is.
 * @param {unknown} steps
 */
export const faultOfSteps = (steps) => {
  if (!Array.isArray(steps) || steps.length === 0) return 'steps is a list of one or more'
  if (steps.length > stepsMax) return `steps has at most ${stepsMax} entries`
  for (const [index, step] of steps.entries()) {
    const known = Object.hasOwn(stepLibrary, step?.uses ?? '') ? stepLibrary[step.uses] : undefined
    const at = `steps[${index}]`
    if (known === undefined) return `${at}.uses is one of ${Object.keys(stepLibrary).join(', ')}`
    const missing = known.needs.filter((name) => step.with?.[name] === undefined)
    if (missing.length > 0) return `${at}.with lacks ${missing.join(', ')}`
  }
  return undefined
}
