namespace Bioproxy.Doubles;

/// <summary>The limit of every await in a test: a hang becomes a failure.</summary>
internal static class DefaultTimeoutExtensions
{
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(60);

    public static Task DefaultTimeout(this Task task) => task.WaitAsync(Limit);

    public static Task<T> DefaultTimeout<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task DefaultTimeout(this ValueTask task) => task.AsTask().WaitAsync(Limit);

    public static Task<T> DefaultTimeout<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Limit);
}
