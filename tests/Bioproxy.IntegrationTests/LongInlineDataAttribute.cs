using System.Reflection;
using Bioproxy.Doubles;
using Xunit.Sdk;

namespace Bioproxy.IntegrationTests;

/// <summary>One more case of a theory, for long runs only (<c>scripts/test.sh --long</c>).</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class LongInlineDataAttribute(params object?[] data) : DataAttribute
{
    public override IEnumerable<object?[]> GetData(MethodInfo testMethod) => LongRun.IsOn ? [data] : [];
}
