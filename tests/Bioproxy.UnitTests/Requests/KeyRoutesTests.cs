using Bioproxy.Host.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bioproxy.UnitTests.Requests;

/// <summary>What a key without <c>full_access</c> can reach.</summary>
public sealed class KeyRoutesTests
{
    [Theory]
    [InlineData("POST", "/v1/chat/completions")]
    [InlineData("POST", "/v1/messages?beta=true")]
    [InlineData("POST", "/api/chat")]
    [InlineData("POST", "/tokenize")]
    [InlineData("GET", "/v1/models")]
    [InlineData("GET", "/api/tags")]
    [InlineData("GET", "/props")]
    [InlineData("HEAD", "/")]
    [InlineData("HEAD", "/v1/models")]
    public void IsForEveryKey_KnownPath_Is(string method, string target) => Assert.True(IsForEveryKey(method, target));

    [Theory]
    [InlineData("GET", "/slots")]
    [InlineData("POST", "/slots/0?action=restore")]
    [InlineData("POST", "/props")]
    [InlineData("POST", "/lora-adapters")]
    [InlineData("POST", "/models/load")]
    [InlineData("POST", "/api/pull")]
    [InlineData("DELETE", "/api/delete")]
    [InlineData("POST", "/upstream/coder/v1/chat/completions")]
    [InlineData("POST", "/V1/chat/completions")]
    [InlineData("POST", "/slots%2f../v1/messages", "/v1/messages")]
    [InlineData("POST", "/upstream/coder/../../v1/chat/completions", "/v1/chat/completions")]
    [InlineData("POST", "//v1/messages")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/logs")]
    [InlineData("GET", "/v1/stream?conv_id=a")]
    [InlineData("OPTIONS", "/v1/chat/completions")]
    [InlineData("TRACE", "/v1/models")]
    public void IsForEveryKey_WhatConcernsAllOrIsUnknown_IsNot(string method, string target, string? path = null) =>
        Assert.False(IsForEveryKey(method, target, path));

    private static bool IsForEveryKey(string method, string target, string? path = null)
    {
        var http = new DefaultHttpContext();
        http.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        http.Request.Method = method;
        http.Request.Path = path ?? target.Split('?')[0];
        return Routes.IsForEveryKey(http.Request);
    }
}
