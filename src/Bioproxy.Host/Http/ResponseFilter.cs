namespace Bioproxy.Host.Http;

/// <summary>Stands between the backend and the client: what passes may be held back, taken out or changed.</summary>
internal abstract class ResponseFilter : IDisposable
{
    /// <param name="read">What came.</param>
    /// <returns>What goes on now; valid until the next call.</returns>
    public abstract ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> read);

    /// <summary>The response has ended.</summary>
    /// <returns>What was still held.</returns>
    public abstract ReadOnlyMemory<byte> End();

    public abstract void Dispose();
}
