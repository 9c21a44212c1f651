namespace Bioproxy.Host.Transforms;

/// <summary>What a chain did to a prompt. After a failure the prompt must not be looked at again: an abandoned plugin may still be editing it.</summary>
/// <param name="Failure">The step that failed, or null.</param>
/// <param name="IsAnswered">A step blocked the request's thread; the request was answered from another one and is over.</param>
internal readonly record struct TransformResult(TransformFailure? Failure, bool IsAnswered = false)
{
    public bool Succeeded => Failure is null && !IsAnswered;
}
