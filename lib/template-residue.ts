// A placeholder that the sender's template engine did not fill in: Jira, Zendesk and Freshworks {{…}},
// Halo <<…>>, JavaScript and ManageEngine ${…}, Power Automate @{…}, Zammad #{…}, Liquid {%…%}.

export const isResidue = (text: string): boolean =>
  /\{\{.*\}\}|<<.*>>|\$\{.*\}|@\{.*\}|#\{.*\}|\{%.*%\}/s.test(text);
