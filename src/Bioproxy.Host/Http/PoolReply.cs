namespace Bioproxy.Host.Http;

/// <summary>What came of a request to a backend: its answer, whose body is still to be read, or the failure.</summary>
/// <param name="Response">The answer; null when there is none.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="Connection">The connection that carried the request.</param>
internal readonly record struct PoolReply(HttpResponseMessage? Response, TransportFailure? Failure, ConnectionUse Connection);
