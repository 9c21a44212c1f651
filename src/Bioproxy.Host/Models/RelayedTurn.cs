using Bioproxy.Host.Backends;

namespace Bioproxy.Host.Models;

/// <summary>A turn at a server that only the proxy that owns it reaches.</summary>
/// <param name="Turn">Names the turn to that proxy, which passes on what comes with it.</param>
/// <param name="Api">The control calls under this turn.</param>
internal sealed record RelayedTurn(string Turn, ISlotApi Api);
