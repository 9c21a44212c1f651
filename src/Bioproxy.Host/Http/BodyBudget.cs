namespace Bioproxy.Host.Http;

/// <summary>The memory that all request bodies together may take, so that waiting requests cannot exhaust the process.</summary>
/// <param name="limit">Bytes at most.</param>
internal sealed class BodyBudget(Func<long> limit)
{
    private long _used;

    public long Limit => limit();

    /// <summary>Bytes in use.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <returns>False when so many bytes are not left; nothing is taken then.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit())
            return true;
        GiveBack(bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _used, -bytes);
}
