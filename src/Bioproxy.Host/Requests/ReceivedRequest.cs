using Bioproxy.Host.Http;

namespace Bioproxy.Host.Requests;

/// <summary>A request that has been read, in the form in which it goes to the backend.</summary>
/// <param name="Head">What goes to the backend beside the body.</param>
/// <param name="Path">Its path.</param>
/// <param name="Body">Its body; disposed with this.</param>
internal sealed record ReceivedRequest(RequestHead Head, string Path, PooledBody Body) : IDisposable
{
    public void Dispose() => Body.Dispose();
}
