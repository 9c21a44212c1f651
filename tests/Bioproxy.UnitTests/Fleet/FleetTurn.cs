using Bioproxy.Host.Backends;
using Bioproxy.Host.Models;
using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>What a request holds; given back in the order of the request path, whatever happened.</summary>
internal sealed class FleetTurn : IAsyncDisposable
{
    public SwapPass? Pass { get; set; }

    public Lease? Lease { get; set; }

    public ModelInstance? Instance { get; set; }

    public Placement? Placement { get; set; }

    public WorkOutcome Outcome { get; set; }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Placement is not null)
                await Instance!.SettleAsync(Placement, Outcome).ConfigureAwait(false);
        }
        finally
        {
            if (Lease is not null)
            {
                if (Instance is not null)
                    Instance.Return(Lease);
                else
                    Lease.Release();
            }

            Pass?.Dispose();
        }
    }
}
