using Bioproxy.Host.Backends;
using Bioproxy.Host.Telemetry;
using Bioproxy.UnitTests.Requests;
using Bioproxy.UnitTests.Telemetry;

namespace Bioproxy.UnitTests.Models;

/// <summary>Loads and unloads of models that their servers do not keep, as they are counted.</summary>
public sealed class ModelLoadsTests
{
    [Theory]
    [InlineData("Unloaded Ready", 1, 0)]
    [InlineData("Ready Unloaded Ready", 1, 1)]
    [InlineData("Ready", 0, 0)] // it was there before the proxy
    [InlineData("Sleeping Loading Ready Sleeping", 1, 1)]
    [InlineData("Unloaded Ready Unreachable", 1, 1)]
    [InlineData("Unloaded Ready suspect Ready", 1, 0)]
    public async Task States_OfAModelThatIsLoadedForRequests_AreCounted(string states, int loads, int unloads)
    {
        await using var fixture = new ModelFixture(loader: new FakeModelLoader());
        using var exporter = new MetricsExporter(fixture.Metrics.Meter, otlpEndpoint: null);

        await PassThroughAsync(fixture, states);

        var page = exporter.Page();
        Assert.Equal(loads, Figure(page, "bioproxy_model_loads_total"));
        Assert.Equal(unloads, Figure(page, "bioproxy_model_unloads_total"));
    }

    [Fact]
    public async Task States_OfAModelThatIsAlwaysThere_AreNotCounted()
    {
        await using var fixture = new ModelFixture();
        using var exporter = new MetricsExporter(fixture.Metrics.Meter, otlpEndpoint: null);

        await PassThroughAsync(fixture, "Unreachable Ready Unreachable");

        Assert.DoesNotContain("bioproxy_model_", exporter.Page(), StringComparison.Ordinal);
    }

    private static async Task PassThroughAsync(ModelFixture fixture, string states)
    {
        foreach (var state in states.Split(' '))
        {
            if (state == "suspect")
            {
                fixture.Backend.Monitor.Suspect(fixture.Backend.Monitor.State, "test");
                continue;
            }

            fixture.Driver.OnDiscover = _ => Task.FromResult(
                state == "Ready" ? fixture.Ready : Discovery.Found(Enum.Parse<BackendStatus>(state), null, state));
            await fixture.CheckAsync();
        }
    }

    private static int Figure(string page, string name) => page.Split('\n')
        .Where(line => line.StartsWith(name + "{backend=", StringComparison.Ordinal))
        .Select(static line => int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture))
        .Sum();
}
