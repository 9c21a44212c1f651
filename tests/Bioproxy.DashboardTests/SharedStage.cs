using System.Text;
using Xunit.Abstractions;

namespace Bioproxy.DashboardTests;

/// <summary>One stage for several tests that do not disturb each other. What its programs wrote is shown by the test that fails while it
/// is opened.</summary>
public sealed class SharedStage : IAsyncLifetime
{
    internal Stage Stage { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Chromium.Program is not null)
            Stage = await Stage.OpenAsync(new Collected());
    }

    public async Task DisposeAsync()
    {
        if (Stage is not null)
            await Stage.DisposeAsync();
    }

    private sealed class Collected : ITestOutputHelper
    {
        private readonly StringBuilder _text = new();

        public void WriteLine(string message) => _text.AppendLine(message);

        public void WriteLine(string format, params object[] args) => WriteLine(string.Format(null, format, args));
    }
}
