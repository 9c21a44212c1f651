namespace Bioproxy.Host.Pool;

/// <summary>Why a model could not be loaded.</summary>
/// <param name="Kind">The kind of reason.</param>
/// <param name="Message">For the client: what happened, with the last lines of the server's log where there is one.</param>
/// <param name="RetryAfter">When the next attempt makes sense; null where it makes none.</param>
internal sealed record PoolFailure(PoolFailureKind Kind, string Message, TimeSpan? RetryAfter = null);
