namespace Bioproxy.Host.Http;

/// <summary>Stands at the beginning of a response: holds it back until it is known what the headers should say of it.</summary>
internal abstract class ResponseGate : ResponseFilter
{
    /// <summary>Headers may go out though nothing is passed on yet.</summary>
    public abstract bool AreHeadersDue { get; }

    /// <summary>The part of the prompt, from 0 to 1, that has been computed: all of it once the answer has begun.</summary>
    public virtual double Coverage => 1;

    /// <summary>Something of the answer itself has passed.</summary>
    public abstract bool IsOpen { get; }
}
