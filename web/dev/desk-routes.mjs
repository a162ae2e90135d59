/** The desk's part of the look-alike's HTTP. */

const BODY_MAX = 65_536;

export async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > BODY_MAX) return null;
  }
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return null;
  }
}

function answerOf(desk, request, url, body) {
  const asked = `${request.method} ${url.pathname}`;
  const parts = url.pathname.split('/').slice(3).map(decodeURIComponent);
  if (asked === 'POST /api/v1/account/deposits') return desk.deposit(body);
  if (asked === 'POST /api/v1/tickets') return desk.openTicket(body);
  if (parts[0] === 'tickets' && parts[2] === 'commit' && request.method === 'POST')
    return desk.commit(parts[1]);
  if (parts[0] === 'tickets' && parts.length === 2 && request.method === 'DELETE')
    return desk.cancel(parts[1]);
  if (parts[0] === 'triggers' && request.method === 'PUT')
    return desk.setTrigger(parts[1], parts[2], body);
  if (parts[0] === 'triggers' && request.method === 'DELETE')
    return desk.removeTrigger(parts[1], parts[2]);
  return null;
}

/** Answers the request and says true when it is one of the desk's. */
export async function deskRoute(desk, request, url, response) {
  const send = (status, type, text, disposition) => {
    response.writeHead(status, {
      ...(text === null ? {} : { 'content-type': type }),
      ...(disposition ? { 'content-disposition': disposition } : {}),
    });
    response.end(text ?? undefined);
  };
  const json = (status, value) =>
    send(
      status,
      status < 400 ? 'application/json' : 'application/problem+json',
      value === null ? null : JSON.stringify(value),
    );
  if (request.method === 'GET') {
    const format = url.searchParams.get('format');
    const wantsCsv = format ? format === 'csv' : request.headers.accept?.includes('text/csv');
    if (url.pathname === '/api/v1/account') json(200, desk.account());
    else if (url.pathname === '/api/v1/ledger') json(200, desk.ledger());
    else if (url.pathname === '/api/v1/audit.xml')
      send(200, 'application/xml', desk.audit(), 'inline; filename="audit.xml"');
    else if (url.pathname === '/api/v1/transactions') {
      if (wantsCsv)
        send(
          200,
          'text/csv; charset=utf-8',
          desk.csv(url.searchParams),
          'attachment; filename="transactions.csv"',
        );
      else json(200, desk.page(url.searchParams));
    } else return false;
    return true;
  }
  if (!/^\/api\/v1\/(account|tickets|triggers)\b/.test(url.pathname)) return false;
  const body = await bodyOf(request);
  if (body === null) {
    json(400, { type: 'about:blank', title: 'Bad Request', status: 400, detail: 'The request cannot be read', code: 'bad_request' }); // prettier-ignore
    return true;
  }
  const key = request.headers['idempotency-key'];
  const answer = desk.once(key, () => answerOf(desk, request, url, body));
  if (answer === null) return false;
  json(...answer);
  return true;
}
