namespace Bioproxy.Host.Backends;

/// <summary>The outcome of a control call: a value, or why there is none.</summary>
/// <param name="Value">The value; null when it failed.</param>
/// <param name="Status">The HTTP status; 0 when no answer came.</param>
/// <param name="Problem">What went wrong, for people; null when nothing did.</param>
/// <param name="IsFreshConnection">The call opened a new connection, so it may have reached another process than the call before.</param>
internal readonly record struct BackendAnswer<T>(T? Value, int Status, string? Problem, bool IsFreshConnection)
    where T : class
{
    public bool IsSuccess => Value is not null;

    /// <summary>No HTTP answer at all.</summary>
    public bool IsUnreachable => Status == 0;
}
