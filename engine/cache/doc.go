// Package cache is the HTTP response cache (configuration manual, section 6): the
// cache sections, the actions cache-use and cache-store, the filter that keeps what
// passes, "show cache", res.cache_hit and res.cache_name.
//
// An object is a head and a body that never change once they are in the store;
// whoever delivers one needs no lock and no copy of the body. A store belongs to
// its name and parameters: a reload that changes neither keeps it. What may be
// kept and delivered follows HAProxy where RFC 9111 would allow more: only 200,
// only GET, no revalidation, no collapsing of requests.
package cache
