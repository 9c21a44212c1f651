namespace Bioproxy.DashboardTests;

/// <summary>The tests that share the browser.</summary>
[CollectionDefinition(Name)]
public sealed class WithBrowser : ICollectionFixture<Chromium>
{
    public const string Name = "browser";
}
