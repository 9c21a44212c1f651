using Bioproxy.Host.Requests;

namespace Bioproxy.UnitTests.Requests;

/// <summary>Targets as llama-server reads them; each was tried on build 11669.</summary>
public sealed class TargetPathTests
{
    [Theory]
    [InlineData("/v1/models", "/v1/models")]
    [InlineData("/v1/models?a=/b#c", "/v1/models")]
    [InlineData("/v1/models#c", "/v1/models")]
    [InlineData("/v1%2fmodel%73", "/v1/models")]
    [InlineData("/v1/model%u0073", "/v1/models")]
    [InlineData("/%C3%A4", "/ä")]
    [InlineData("/100%", "/100%")]
    [InlineData("/%4", "/%4")]
    [InlineData("/%zz%uzzzz", "/%zz%uzzzz")]
    [InlineData("/a%3Fb", "/a?b")]
    public void Of_Target_IsTheBackendsPath(string target, string expected) => Assert.Equal(expected, TargetPath.Of(target));
}
