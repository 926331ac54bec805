// The console in a real browser. Run by `node --test`; see console.mjs for the environment.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { openPage, overflow, signIn, startBrowser, startServer } from './console.mjs';

let browser;
let server;

before(async () => {
  [server, browser] = await Promise.all([startServer('--workers', '1'), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

// A test with a page of its own; whatever the page does, it must not break its own rules.
function pageTest(name, body, options) {
  test(name, async (t) => {
    const page = await openPage(browser, server, options);
    try {
      await body(page, t);
      assert.deepEqual(page.problems, []);
    } finally {
      await page.context().close();
    }
  });
}

// Pictures for the README, written where SOLVENT_SCREENSHOTS says.
async function picture(page, name) {
  const folder = process.env.SOLVENT_SCREENSHOTS;
  if (!folder) return;
  await page.setViewportSize({ width: 1200, height: 780 });
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${folder}/console-${name}.png` });
}

const hard = (seconds) => {
  // A knapsack with many rows and items of nearly equal worth: minutes of branching.
  let state = 7;
  const random = (low, high) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return low + (state % (high - low + 1));
  };
  const names = Array.from({ length: 60 }, (_, i) => `x${i}`);
  const rows = Array.from({ length: 5 }, () => names.map(() => random(10, 1000)));
  const sum = (weights) => weights.map((w, i) => `${w}*${names[i]}`).join(' + ');
  const worth = names.map((_, i) => rows.reduce((total, row) => total + row[i], 0) / 5 + random(0, 100));
  return {
    name: 'Hard knapsack',
    variables: names.map((name) => ({ name, type: 'binary' })),
    objective: { sense: 'maximize', expression: sum(worth) },
    constraints: rows.map((row) => ({
      expression: `${sum(row)} <= ${Math.floor(row.reduce((a, b) => a + b) / 2)}`,
    })),
    options: { time_limit_seconds: seconds },
  };
};

pageTest('a newcomer goes from an empty database to a solved and explained run', async (page, t) => {
  let began = performance.now();
  const step = (name) => {
    t.diagnostic(`${name}: ${Math.round(performance.now() - began)} ms`);
    began = performance.now();
  };
  await page.goto(server.url);
  await page.getByLabel('API key').waitFor();
  step('the page is there');
  await page.getByText('Where do I find a key?').click();
  await page.getByText('solvent keys create').waitFor();
  await page.getByLabel('API key').fill('ok_live_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('does not know that key').waitFor();
  await page.getByLabel('API key').fill(server.key);
  began = performance.now();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Warehouse Allocation Optimizer' }).waitFor();
  step('signed in, the catalog is there');

  await page.getByLabel('Search models').fill('warehouse');
  await page.getByRole('link', { name: 'Warehouse Allocation Optimizer' }).click();
  await page.getByRole('heading', { level: 1, name: 'Warehouse Allocation Optimizer' }).waitFor();
  await page.getByLabel('Capacity, row 1').fill('450');
  step('a model found and its form filled in');
  await picture(page, 'model');
  began = performance.now();
  await page.getByRole('button', { name: 'Solve' }).click();

  await page.getByText('Optimal', { exact: true }).waitFor();
  assert.match(page.url(), /#\/executions\/exe_/);
  await page.getByText('Minimized cost').waitFor();
  const plan = page.getByRole('table', { name: 'plan' });
  await plan.getByRole('cell', { name: 'East Hub' }).first().waitFor();
  step('solved, the answer is there');
  await page.getByRole('tab', { name: /Binding rows/ }).click();
  await page.getByRole('cell', { name: 'room[East Hub]' }).waitFor();
  step('explained: the rows that bind');

  await page.getByRole('link', { name: 'Executions', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Executions' }).waitFor();
  await page.getByRole('link', { name: 'Warehouse Allocation Optimizer' }).waitFor();
});

pageTest('a long run is watched live and cancelled', async (page) => {
  await signIn(page, server);
  const made = await server.api('POST', '/solve/async', hard(60));
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  await page.goto(`${server.url}/#/executions/${made.execution_id}`);
  await page.getByText(/Better solution: [\d,.]+/).first().waitFor();
  await page.getByRole('img', { name: /the best solution is [\d,.]+ and the bound/ }).waitFor();
  assert.equal(sockets.length, 1);
  assert.doesNotMatch(sockets[0], /ok_live/, 'the key is not in the address');
  await page.getByRole('button', { name: 'Cancel the run' }).click();
  await page.getByText('The run was cancelled.').waitFor();
});

pageTest('a run without a solution says so', async (page) => {
  await signIn(page, server);
  await page.goto(`${server.url}/#/playground`);
  await page.getByRole('button', { name: 'No solution' }).click();
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByText('No solution exists').waitFor();
  await page.getByRole('button', { name: 'Find the conflict' }).click();
  const conflict = page.getByRole('table', { name: 'The conflict' });
  await conflict.getByText('east <= 60').waitFor();
  assert.equal(await conflict.getByRole('row').count(), 4, 'the head, a row and two bounds');
});

pageTest('an answer is explained: contributions, prices and their ranges, a missing limit', async (page) => {
  await signIn(page, server);
  const solve = (sense, rows) => server.api('POST', '/solve', {
    variables: [{ name: 'bread' }, { name: 'cake' }], objective: { sense, expression: '2*bread + 5*cake' },
    constraints: rows,
  });
  const bakery = await solve('maximize', [{ name: 'flour', expression: 'bread + 2*cake <= 100' }, { name: 'oven', expression: 'bread + 4*cake <= 160' }]);
  await page.goto(`${server.url}/#/executions/${bakery.execution_id}`);
  await page.getByRole('tab', { name: 'Contributions' }).click();
  await page.getByRole('listitem').filter({ hasText: 'cake' }).getByText('150').waitFor();
  await page.getByRole('tab', { name: 'Sensitivity' }).click();
  await page.getByRole('table', { name: 'Shadow prices' }).getByRole('cell', { name: '80 to 160' }).waitFor();
  const endless = await solve('maximize', []);
  await page.goto(`${server.url}/#/executions/${endless.execution_id}`);
  await page.getByText('The objective has no limit').waitFor();
  await page.getByRole('table', { name: 'The direction' }).waitFor();
});

pageTest('a hostile name stays text', async (page) => {
  const name = '<img src=x onerror="document.title=1"><script>alert(1)</script>';
  const hostile = `${name}${'w'.repeat(120)}`;
  const model = await server.api('POST', '/models', {
    name: hostile, generator_type: 'generic', description: name, tags: [name], category: name,
    input_fields: [{ name: 'variables', label: name, description: name, type: 'array' }],
  });
  await server.api('POST', '/solve', {
    name: hostile, variables: [{ name: 'x', upper_bound: 3 }],
    objective: { sense: 'maximize', expression: 'x' }, constraints: [{ name, expression: 'x <= 2' }],
  });
  await signIn(page, server);
  for (const place of [`models/${model.id}`, 'models?view=yours', 'executions']) {
    await page.goto(`${server.url}/#/${place}`);
    await page.locator('main').getByText(name).first().waitFor();
    assert.equal(await page.locator('main img, main script').count(), 0, place);
    assert.ok(await overflow(page) <= 0, place);
  }
  await page.getByRole('link', { name }).first().click();
  await page.getByRole('tab', { name: /Binding rows/ }).click();
  await page.getByRole('cell', { name }).waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
});

pageTest('what is wrong with an input is shown at its field', async (page) => {
  await signIn(page, server);
  await page.getByRole('link', { name: 'Warehouse Allocation Optimizer' }).click();
  const demand = page.getByLabel('Demand, row 1');
  await demand.fill('many');
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByRole('alert').getByText('Demand must be a number').waitFor();
  assert.equal(await demand.getAttribute('aria-invalid'), 'true');

  // What only the server knows.
  await demand.fill('');
  await page.getByRole('button', { name: 'Solve' }).click();
  const link = page.getByRole('alert').getByRole('link', { name: /demand/i }).first();
  await link.waitFor();
  await demand.fill('200');
  await page.getByLabel('Name, row 2').nth(1).fill('Widget A');
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByRole('alert').getByText(/twice|duplicate|already/i).first().waitFor();
});

pageTest('a table takes cells from a spreadsheet', async (page) => {
  await signIn(page, server);
  await page.getByRole('link', { name: 'Warehouse Allocation Optimizer' }).click();
  await page.getByLabel('Name, row 1').first().evaluate((field) => {
    const data = new DataTransfer();
    data.setData('text/plain', 'North\t900\t1.5\nSouth\t800\t2\nWest\t700\t3\n');
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  await page.getByLabel('Capacity, row 3').waitFor();
  assert.equal(await page.getByLabel('Capacity, row 3').inputValue(), '700');
  await page.getByRole('button', { name: 'JSON' }).click();
  const text = await page.getByLabel('Input as JSON').inputValue();
  assert.deepEqual(JSON.parse(text).warehouses[1], { name: 'South', capacity: 800, cost_per_unit: 2 });
});

pageTest('a list inside a row is a form of its own, and a schedule is drawn', async (page) => {
  await signIn(page, server);
  await page.getByRole('link', { name: 'Job Shop Scheduling' }).click();
  await page.getByLabel(/^Operations, row 1:/).click();
  const time = page.getByLabel('Time, row 2').first();
  await time.fill('soon');
  await page.getByLabel(/^Operations, row 1:/).click();
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByRole('alert').getByRole('link', { name: 'Time must be a number' }).click();
  assert.equal(await time.getAttribute('aria-invalid'), 'true');
  await time.fill('9');
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByRole('img', { name: /^schedule: \d+ lines/ }).waitFor();
  await picture(page, 'run');
});

pageTest('a chart whose values differ by rounding alone is drawn', async (page) => {
  await signIn(page, server);
  const counts = await page.evaluate(async () => {
    const { ticks } = await import(new URL('console/parts/chart.js', location.origin));
    const pairs = [[33.99999999999999, 34], [34, 34], [0, 0], [-1e-300, 0], [1e15, 1e15 + 1], [0, 1], [-7, 2e6]];
    return pairs.map(([low, high]) => ticks(low, high).length);
  });
  assert.ok(counts.every((count) => count <= 7), counts.join(' '));
  assert.ok(counts.at(-1) >= 3);
});

pageTest('notifications are counted, opened and read', async (page) => {
  await signIn(page, server);
  const { items: [listing] } = await server.api('GET', '/models/catalog?search=warehouse');
  await server.api('POST', `/models/catalog/${listing.id}/activate`, {});
  await server.api('POST', '/notifications/read-all');
  await server.api('POST', `/models/${listing.id}/execute`, { input_data: (await server.api('GET', `/models/catalog/${listing.id}`)).example_input });
  await page.reload();
  await page.getByRole('link', { name: 'Notifications 1 unread' }).click();
  await page.locator('main').getByRole('listitem').filter({ hasText: 'unread' }).getByRole('link').click();
  await page.getByText('Optimal', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Notifications', exact: true }).waitFor();
});

pageTest('the playground points at the line of a fault', async (page) => {
  await signIn(page, server);
  await page.goto(`${server.url}/#/playground`);
  const editor = page.getByLabel('Problem as JSON');
  const text = await editor.inputValue();
  await editor.fill(text.replace('2*chairs + 3*tables', '2*chairs + 3*stools'));
  await page.getByRole('button', { name: 'Check' }).click();
  const line = text.split('\n').findIndex((l) => l.includes('2*chairs')) + 1;
  await page.getByRole('alert').getByText(/stools/).waitFor();
  await page.getByRole('button', { name: `Line ${line}` }).click();
  const at = await editor.evaluate((area) => area.value.slice(0, area.selectionStart).split('\n').length);
  assert.equal(at, line);
  await editor.fill('{"variables": [}');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('alert').getByText(/a value is expected/).waitFor();
});

pageTest('a MathProg model is checked by line, solved and kept', async (page) => {
  await signIn(page, server);
  await page.goto(`${server.url}/#/playground?language=mathprog`);
  const model = page.getByLabel('MathProg model');
  const text = await model.inputValue();
  await model.fill(text.replace('supply[p];', 'suply[p];'));
  await page.getByRole('button', { name: 'Check' }).click();
  const line = text.split('\n').findIndex((l) => l.includes('supply[p];')) + 1;
  await page.getByRole('button', { name: `Line ${line}` }).waitFor();
  await page.getByText('did you mean supply').waitFor();
  await model.fill(text);
  const data = page.getByLabel('MathProg data');
  const numbers = await data.inputValue();
  await data.fill(numbers.replace('Boston 325', 'Boston many'));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('alert').getByText(/many/).waitFor();
  await data.fill(numbers);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('No fault found.').waitFor();
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByText('Minimized total').waitFor();
  await page.getByRole('tab', { name: /^ship/ }).click();
  await page.getByRole('rowheader', { name: 'San Diego' }).waitFor();
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.getByRole('button', { name: 'MathProg', exact: true }).click();
  assert.equal(await page.getByLabel('MathProg model').inputValue(), text, 'the text is still there');
  await page.getByLabel('Name of the model').fill('My transport');
  await page.getByRole('button', { name: 'Keep as a model' }).click();
  await page.getByRole('heading', { level: 1, name: 'My transport' }).waitFor();
});

pageTest('a document is changed, kept in versions, compared and restored', async (page) => {
  await signIn(page, server);
  await page.getByRole('link', { name: 'Documents' }).click();
  await page.getByRole('button', { name: 'New document' }).first().click();
  await page.getByLabel('Name').fill('Furniture plan');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'Furniture plan' }).waitFor();
  await page.getByRole('button', { name: 'Save as a version' }).click();
  await page.getByText('Version 1', { exact: true }).waitFor();
  const editor = page.getByLabel('Model as JSON');
  const text = await editor.inputValue();
  await editor.fill(text.replace('<= 240', '<= 300'));
  await page.getByText('Not saved yet').waitFor();
  await page.getByRole('button', { name: 'Save as a version' }).click();
  await page.getByRole('button', { name: 'Changes of version 2' }).click();
  await page.getByRole('dialog').getByText('<= 300').waitFor();
  await page.getByRole('dialog').getByText('<= 240').waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Restore version 1' }).click();
  await page.getByText('Version 1 is back').waitFor();
  assert.match(await editor.inputValue(), /<= 240/);
  await page.getByRole('button', { name: 'Name version 2' }).click();
  await page.getByLabel('Name', { exact: true }).fill('More wood');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('More wood').waitFor();
  await page.getByRole('button', { name: 'Solve' }).click();
  await page.getByText('Optimal', { exact: true }).waitFor();
});

pageTest('a job runs a model over many inputs, and its failed tasks are tried again', async (page) => {
  const { items: [listing] } = await server.api('GET', '/models/catalog?search=warehouse');
  const model = await server.api('POST', `/models/catalog/${listing.id}/activate`, {});
  await signIn(page, server);
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('button', { name: 'New job' }).first().click();
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('Bad Name');
  await page.getByLabel('Model').selectOption(model.id);
  await page.getByRole('button', { name: 'Create' }).click();
  await name.and(page.locator('[aria-invalid=true]')).waitFor();
  await name.fill('scenarios');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'scenarios' }).waitFor();
  await page.getByLabel('What varies').selectOption({ label: 'warehouses › East Hub › capacity (now 500)' });
  await page.getByLabel('Values').fill('100 600 700');
  await page.getByRole('button', { name: 'Start 3 tasks' }).click();
  await page.getByRole('button', { name: 'Retry 1 failed task' }).waitFor();
  await page.getByRole('img', { name: /^3 tasks over/ }).waitFor();
  await page.getByRole('cell', { name: 'Solver optimal' }).first().waitFor();
  await page.getByRole('button', { name: '2-600' }).click();
  await page.getByRole('dialog').getByText('optimal', { exact: true }).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  const [csv] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
  assert.match(readFileSync(await csv.path(), 'utf8'), /2-600/);
  const first = page.url();
  await page.getByRole('button', { name: 'Retry 1 failed task' }).click();
  await page.waitForURL((url) => url.href !== first);
  await page.getByRole('img', { name: /^1 task over/ }).waitFor();
});

pageTest('a trigger is made, fired by its form, run again and disabled', async (page) => {
  const document = await server.api('POST', '/builder', {
    name: 'Two goods',
    model_json: {
      variables: [{ name: 'x', upper_bound: 10 }, { name: 'y', upper_bound: 10 }],
      objective: { sense: 'minimize', expression: '2*x + 3*y' },
      constraints: [{ name: 'demand', expression: 'x + y >= 4' }],
    },
  });
  await signIn(page, server);
  await page.getByRole('link', { name: 'Triggers' }).click();
  await page.getByRole('button', { name: 'New trigger' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Nightly');
  await page.getByLabel('Document').selectOption(document.id);
  await page.getByLabel('Version').selectOption('now');
  await page.getByLabel('Only these fields').check();
  await page.getByRole('button', { name: 'Add a field' }).click();
  await page.getByLabel('Field, row 1').fill('demand');
  await page.getByLabel('Place, row 1').fill('constraints.demand.rhs');
  await page.getByLabel('Required, row 1').check();
  await page.getByLabel('Webhook address').fill('ftp://nowhere');
  await page.getByRole('button', { name: 'Create' }).click();
  const address = page.getByLabel('Webhook address');
  await address.and(page.locator('[aria-invalid=true]')).waitFor();
  await address.fill('');
  await page.getByRole('button', { name: 'Create' }).click();
  const secret = await page.getByLabel('Trigger secret').inputValue();
  assert.match(secret, /^[0-9a-f]{64}$/);
  await page.getByText('curl -X POST').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('heading', { level: 1, name: 'Nightly' }).waitFor();
  await page.getByRole('button', { name: 'Fire', exact: true }).click();
  await page.getByText('Demand is required').waitFor();
  await page.getByLabel('Demand').fill('7');
  await page.getByRole('button', { name: 'Fire', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('optimal').waitFor();
  await dialog.getByText('14', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Run again' }).click();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('cell', { name: 'run again' }).waitFor();
  assert.ok(!page.url().includes(secret));

  await page.getByRole('button', { name: 'Set a schedule' }).click();
  await page.getByLabel('When', { exact: true }).fill('99 * * * *');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('When', { exact: true }).and(page.locator('[aria-invalid=true]')).waitFor();
  await page.getByRole('button', { name: 'workdays at 6:00' }).click();
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  await page.getByLabel('Override data').fill('{"demand": 3}');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('0 6 * * 1-5').waitFor();

  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByText('it refuses to fire').waitFor();
  await page.getByRole('button', { name: 'Fire', exact: true }).click();
  await page.getByRole('alert').waitFor();
});

pageTest('two runs are compared by what differs', async (page) => {
  const problem = (limit) => ({
    variables: [{ name: 'x' }, { name: 'y', upper_bound: 1 }],
    objective: { sense: 'maximize', expression: 'x + y' },
    constraints: [{ name: 'limit', expression: `x <= ${limit}` }],
  });
  const a = await server.api('POST', '/solve', problem(3));
  const b = await server.api('POST', '/solve', problem(5));
  await signIn(page, server);
  await page.goto(`${server.url}/#/compare?a=${a.execution_id}&b=${b.execution_id}`);
  const solution = page.getByRole('table', { name: 'Solution' });
  await solution.getByRole('cell', { name: '+2' }).waitFor();
  assert.equal(await solution.getByRole('row').count(), 2, 'the head and x');
  await page.getByRole('table', { name: 'Input' }).getByText('x <= 5').waitFor();
});

pageTest('the filters of the executions are in the address', async (page) => {
  await signIn(page, server);
  await page.goto(`${server.url}/#/executions`);
  await page.getByRole('button', { name: 'timeout' }).click();
  await page.waitForURL(/status=timeout/);
  await page.getByText('No execution matches').waitFor();
  await page.reload();
  await page.getByText('No execution matches').waitFor();
});

pageTest('keys are made, shown once and revoked, and a revoked key signs out', async (page) => {
  await signIn(page, server);
  await page.getByRole('link', { name: 'Keys and credits' }).click();
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('nightly');
  await page.getByRole('button', { name: 'Create' }).click();
  const secret = await page.getByLabel('API key', { exact: true }).inputValue();
  assert.match(secret, /^ok_live_[0-9a-f]{64}$/);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('cell', { name: 'nightly', exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(secret));

  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page, server, secret);
  await page.getByRole('link', { name: 'Keys and credits' }).click();
  await page.getByRole('button', { name: 'Revoke nightly' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('no longer accepted').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('solvent.key')), null);
});

pageTest('credits are shown with what they were spent on', async (page) => {
  await server.api('POST', '/solve', {
    name: 'Spent', variables: [{ name: 'x', upper_bound: 3 }],
    objective: { sense: 'maximize', expression: 'x' },
  });
  await signIn(page, server);
  await page.goto(`${server.url}/#/account`);
  const table = page.getByRole('table', { name: 'Movements of credits' });
  await table.getByRole('link', { name: /exe_/ }).first().click();
  await page.getByText('Optimal', { exact: true }).waitFor();
});

test('a run that costs too much says what it needs', async () => {
  const poor = await startServer('--workers', '1', '--credits', '1');
  const page = await openPage(browser, poor);
  try {
    await signIn(page, poor);
    await page.getByRole('link', { name: 'Job Shop Scheduling' }).click();
    await page.getByRole('button', { name: 'Solve' }).click();
    await page.getByRole('alert').getByText(/It needs \d+ and 1 are left/).waitFor();
  } finally {
    await page.context().close();
    await poor.remove();
  }
});

pageTest('the key stays in its tab', async (page) => {
  await signIn(page, server);
  const other = await page.context().newPage();
  await other.goto(server.url);
  await other.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.equal(await page.evaluate((secret) => JSON.stringify(localStorage).includes(secret), server.key), false);
});

pageTest('no screen scrolls sideways on a phone', async (page) => {
  await signIn(page, server);
  const { items: [listing] } = await server.api('GET', '/models/catalog?search=facility');
  const document = await server.api('POST', '/builder', { name: 'Wide', model_json: hard(1) });
  const { items: [run] } = await server.api('GET', '/models/executions/all?status=completed');
  const screens = ['models', `models/${listing.id}`, 'playground', 'playground?language=mathprog',
    'executions', `executions/${run.id}`, 'compare', 'documents', `documents/${document.id}`,
    'triggers', 'jobs', 'notifications', 'account'];
  for (const screen of screens) {
    await page.goto(`${server.url}/#/${screen}`);
    await page.locator('main h1').waitFor();
    await page.waitForLoadState('networkidle');
    assert.ok(await overflow(page) <= 0, `${screen} is too wide by ${await overflow(page)}`);
  }
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.getByRole('heading', { level: 1, name: 'Playground' }).waitFor();
}, { viewport: { width: 360, height: 740 }, hasTouch: true, colorScheme: 'dark' });

for (const colorScheme of ['light', 'dark']) {
  pageTest(`the screens pass the accessibility checks of axe, ${colorScheme}`, async (page) => {
    const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
    const check = async (screen, parts = 'html') => {
      const found = await page.evaluate(async (include) => (await axe.run({ include }, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
      })).violations.map((v) => `${v.id}: ${v.nodes[0].target} ${v.nodes[0].failureSummary}`), parts);
      assert.deepEqual(found, [], screen);
    };
    await page.goto(server.url);
    await page.evaluate(axe);
    await check('sign-in');
    await page.getByLabel('API key').fill(server.key);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Feed Blend' }).waitFor();
    await check('models');
    const { items: [listing] } = await server.api('GET', '/models/catalog?search=feed');
    const { items: [run] } = await server.api('GET', '/models/executions/all?status=completed');
    for (const screen of [`models/${listing.id}`, `executions/${run.id}`, 'executions', 'compare',
      'playground?language=mathprog', 'documents', 'triggers', 'jobs', 'jobs/scenarios', 'notifications',
      'account']) {
      await page.goto(`${server.url}/#/${screen}`);
      await page.locator('main h1').waitFor();
      await page.waitForLoadState('networkidle');
      await check(screen);
    }
    await page.goto(`${server.url}/docs`);
    await page.evaluate(axe);
    // All of the page takes half a minute, and is more of the same.
    await check('docs', ['header', 'nav', '#solveMathProg', '#getListing', '#schema-Error']);
  }, { colorScheme });
}

for (const colorScheme of ['light', 'dark']) {
  pageTest(`the API's documentation reads without scripts, on a phone too, ${colorScheme}`, async (page) => {
    await page.goto(`${server.url}/docs`);
    await page.getByRole('heading', { name: 'Solve a problem and wait for the answer' }).waitFor();
    assert.ok(await overflow(page) <= 0, `too wide by ${await overflow(page)}`);
    await page.getByText('Contents', { exact: true }).click();
    const contents = page.getByRole('navigation', { name: 'Contents' });
    await contents.getByRole('link', { name: 'Make a trigger' }).click();
    await page.waitForURL(/#createTrigger$/);
    assert.ok(await page.locator('#createTrigger h3').isVisible());
    await page.setViewportSize({ width: 1280, height: 800 });
    await contents.getByRole('link', { name: 'schemas' }).click();
    await page.waitForURL(/#schemas$/);
  }, { viewport: { width: 360, height: 740 }, javaScriptEnabled: false, colorScheme });
}

pageTest('the first load is small and comes from this server alone', async (page) => {
  await signIn(page, server);
  await page.getByRole('link', { name: 'Warehouse Allocation Optimizer' }).waitFor();
  const total = [...page.loaded.values()].reduce((sum, size) => sum + size, 0);
  assert.ok(total > 20000 && total < 150000, `${total} bytes`);
});

pageTest('everything can be reached with the keyboard', async (page) => {
  await page.goto(server.url);
  await page.locator('input:focus').waitFor();
  await page.keyboard.type(server.key);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  await page.getByRole('link', { name: 'Skip to the content' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.getByRole('button', { name: 'Catalog' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/view=yours/);
});

test('a lost connection is said, and mended when the server is back', async () => {
  const own = await startServer('--workers', '1');
  const page = await openPage(browser, own);
  try {
    await signIn(page, own);
    await page.goto(`${own.url}/#/playground`);
    await page.getByRole('button', { name: 'Solve' }).waitFor();
    await own.stop();
    await page.getByRole('button', { name: 'Solve' }).click();
    await page.getByText('Connection lost').waitFor();
    await page.getByText('cannot be reached').first().waitFor();
    await own.start();
    await page.getByText('Connection lost').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Solve' }).click();
    await page.getByText('Optimal', { exact: true }).waitFor();
    assert.deepEqual(page.problems, []);
  } finally {
    await page.context().close();
    await own.remove();
  }
});
