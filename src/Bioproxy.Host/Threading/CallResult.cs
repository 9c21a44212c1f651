namespace Bioproxy.Host.Threading;

/// <summary>The outcome of a bounded call.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Value">What the code returned, if it completed.</param>
/// <param name="Error">What the code threw, if it threw.</param>
internal readonly record struct CallResult<T>(CallEnd End, T? Value = default, Exception? Error = null);
