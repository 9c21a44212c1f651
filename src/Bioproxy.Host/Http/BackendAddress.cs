using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Http;

/// <summary>Where a backend is: an address, or a socket in the file system, behind which the address is this machine's.</summary>
/// <param name="Base">What the paths of requests are added to.</param>
/// <param name="Socket">The path of the socket; null for TCP.</param>
internal readonly record struct BackendAddress(Uri Base, string? Socket)
{
    private static readonly Uri ThisMachine = new("http://localhost");

    public static BackendAddress Of(Uri url) => SocketPath.Of(url) is { } socket ? new(ThisMachine, socket) : new(url, null);
}
