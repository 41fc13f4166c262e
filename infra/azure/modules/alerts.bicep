// The four things that must wake somebody, each a query of ../queries over the last 15 minutes. What an
// alert means and what to type is in OPERATIONS.md, under the alert's name.

param name string
param location string
param tags object
param workspaceId string
param emails string[]
param burstThreshold int

var events = loadTextContent('../queries/events.kql')

// threshold: how many rows are still no alert. by: rows are counted for each value of this column.
var alerts = [
  {
    name: 'unknown-outcome'
    severity: 1
    says: 'A reset was sent and its outcome is not known, or a done one is not recorded.'
    query: loadTextContent('../queries/unknown-outcomes.kql')
    threshold: 0
    by: []
  }
  {
    name: 'burst-of-resets'
    severity: 1
    says: 'One caller resets unusually many users.'
    query: loadTextContent('../queries/resets.kql')
    threshold: burstThreshold
    by: ['caller']
  }
  {
    name: 'denied-rights'
    severity: 2
    says: 'Microsoft Graph denies the identity a right it needs.'
    query: loadTextContent('../queries/graph-denials.kql')
    threshold: 0
    by: []
  }
  {
    name: 'not-ready'
    severity: 2
    says: 'The endpoint found itself not ready, or a setting is missing or wrong.'
    query: loadTextContent('../queries/readiness.kql')
    threshold: 0
    by: []
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'people-${name}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'pwd-reset'
    emailReceivers: map(emails, email => {
      name: email
      emailAddress: email
      useCommonAlertSchema: true
    })
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: '${alert.name}-${name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}: ${alert.name}'
      description: alert.says
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      // A new workspace lacks the tables until their first line arrives.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: '${events}\n${alert.query}'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.threshold
            dimensions: map(alert.by, column => {
              name: column
              operator: 'Include'
              values: ['*']
            })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: empty(emails) ? [] : [people.id] }
    }
  }
]
