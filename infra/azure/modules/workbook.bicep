// The page an operator opens first: the queries of ../queries as tables and one chart, for a chosen time.

param name string
param location string
param tags object
param workspaceId string

var events = loadTextContent('../queries/events.kql')

var views = [
  {
    title: 'Resets per caller'
    query: loadTextContent('../queries/resets-per-caller.kql')
    shownAs: 'table'
  }
  {
    title: 'Refused and failed, by code'
    query: loadTextContent('../queries/refused.kql')
    shownAs: 'table'
  }
  {
    title: 'Unknown outcomes'
    query: loadTextContent('../queries/unknown-outcomes.kql')
    shownAs: 'table'
  }
  {
    title: 'Attempts on protected users'
    query: loadTextContent('../queries/protected-targets.kql')
    shownAs: 'table'
  }
  {
    title: 'Denied by Microsoft Graph'
    query: loadTextContent('../queries/graph-denials.kql')
    shownAs: 'table'
  }
  {
    title: 'Not ready'
    query: loadTextContent('../queries/readiness.kql')
    shownAs: 'table'
  }
  {
    title: 'Response time (ms)'
    query: loadTextContent('../queries/response-time.kql')
    shownAs: 'timechart'
  }
]

var day = 86400000
var timeRange = {
  type: 9
  name: 'time range'
  content: {
    version: 'KqlParameterItem/1.0'
    style: 'pills'
    parameters: [
      {
        id: guid(name, 'time range')
        version: 'KqlParameterItem/1.0'
        name: 'TimeRange'
        label: 'Time range'
        type: 4
        isRequired: true
        value: { durationMs: 7 * day }
        typeSettings: {
          selectableValues: map([1, 7, 30, 90], days => { durationMs: days * day })
          allowCustom: true
        }
      }
    ]
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${name}: password resets'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string({
      version: 'Notebook/1.0'
      fallbackResourceIds: [workspaceId]
      items: [
        timeRange
        ...map(views, view => {
          type: 3
          name: view.title
          content: {
            version: 'KqlItem/1.0'
            title: view.title
            query: '${events}\n${view.query}'
            size: 0
            queryType: 0
            resourceType: 'microsoft.operationalinsights/workspaces'
            crossComponentResources: [workspaceId]
            timeContextFromParameter: 'TimeRange'
            visualization: view.shownAs
          }
        })
      ]
    })
  }
}
