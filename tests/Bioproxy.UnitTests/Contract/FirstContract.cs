using System.Reflection;
using System.Runtime.Loader;
using Bioproxy.UnitTests.Plugins;

namespace Bioproxy.UnitTests.Contract;

/// <summary>The contract as it was first published, loaded beside the one of today.</summary>
internal sealed class FirstContract : IDisposable
{
    private readonly AssemblyLoadContext _context = new("the first contract", isCollectible: true);

    public FirstContract() =>
        Assembly = _context.LoadFromAssemblyPath(
            Path.Combine(FixturePlugins.OutputOf("tests/Fixtures/Bioproxy.Fixtures.FirstContract"), "Bioproxy.Abstractions.dll"));

    public Assembly Assembly { get; }

    public void Dispose() => _context.Unload();
}
