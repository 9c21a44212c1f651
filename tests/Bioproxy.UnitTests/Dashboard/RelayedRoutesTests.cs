using Bioproxy.Host.Dashboard.Relay;

namespace Bioproxy.UnitTests.Dashboard;

/// <summary>What one proxy may ask of another for its page.</summary>
public sealed class RelayedRoutesTests
{
    [Theory]
    [InlineData("GET", "/live")]
    [InlineData("GET", "/requests")]
    [InlineData("GET", "/savings")]
    [InlineData("GET", "/status")]
    [InlineData("GET", "/misses")]
    [InlineData("GET", "/kv")]
    [InlineData("GET", "/kv/a.bin")]
    [InlineData("GET", "/explain/req-1")]
    [InlineData("GET", "/logs/qwen")]
    [InlineData("POST", "/kv/drop")]
    [InlineData("POST", "/kv/gc")]
    [InlineData("POST", "/kv/pin")]
    [InlineData("POST", "/plugins/reload")]
    [InlineData("POST", "/requests/cancel")]
    [InlineData("POST", "/templates/warm")]
    [InlineData("POST", "/models/qwen/load")]
    [InlineData("POST", "/models/a/b/unload")]
    public void Allow_WhatThePageAsks_IsRelayed(string method, string path) => Assert.True(RelayedRoutes.Allow(method, path));

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/token")]
    [InlineData("POST", "/login")]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/health")]
    [InlineData("GET", "/cluster")]
    [InlineData("GET", "/cluster/10.0.0.7:11111/status")]
    [InlineData("POST", "/cluster/10.0.0.7:11111/kv/drop")]
    [InlineData("POST", "/try/v1/chat/completions")]
    [InlineData("GET", "/try/v1/models")]
    [InlineData("GET", "/app/app.js")]
    [InlineData("GET", "/v1/models")]
    [InlineData("GET", "/live/")]
    [InlineData("GET", "/explain/")]
    [InlineData("POST", "/status")]
    [InlineData("POST", "/models/qwen/erase")]
    [InlineData("POST", "/slots/0")]
    [InlineData("HEAD", "/status")]
    [InlineData("DELETE", "/kv/a.bin")]
    [InlineData("get", "/slots")]
    public void Allow_AnythingElse_IsNot(string method, string path) => Assert.False(RelayedRoutes.Allow(method, path));
}
