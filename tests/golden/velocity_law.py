"""The numbers of test_velocity_law.c, by numpy alone: fit, scores of left-out blocks, collapse, shifted time."""
import numpy as np
# 8 times, 9 boundaries
i=np.arange(8)[:,None]; b=np.arange(9)[None,:]
t=10.0*2.0**i; s=0.5*b-4
ln=0.7*s-0.4*np.log(t)+0.2*np.sin(3*i+2*b)+0.1*np.cos(i*b)
n=5.0+((3*i+5*b)%7)
X=np.stack([np.ones(72),(s+0*t).ravel(),(np.log(t)+0*s).ravel()],1); W=np.sqrt(n.ravel())
c,*_=np.linalg.lstsq(X*W[:,None],ln.ravel()*W,rcond=None)
r=ln.ravel()-X@c
print("%.15g %.15g %.15g %.15g"%(c[1],c[2],c[0],np.sqrt((n.ravel()*r*r).sum()/n.sum())))
# leave-out scores: blocks 3 times (ceil(8/3)) x 3 boundaries
def terms(k,S,U):
    S=S-S.mean();U=U-U.mean()
    return np.stack([np.ones_like(S),S,U,S*S,S*U,U*U][:k],1)
I,B=np.meshgrid(np.arange(8),np.arange(9),indexing='ij'); I=I.ravel();B=B.ravel();S=(s+0*t).ravel();U=(np.log(t)+0*s).ravel();Y=ln.ravel();N=n.ravel()
sc=np.zeros(4);tot=0
for i0 in range(0,8,3):
  for b0 in range(0,9,3):
    out=(I>=i0)&(I<i0+3)&(B>=b0)&(B<b0+3);k=~out
    g=[]
    for m in (3,6,1):
        T=terms(m,S,U);w=np.sqrt(N[k]);cc,*_=np.linalg.lstsq(T[k]*w[:,None],Y[k]*w,rcond=None);g.append(T[out]@cc)
    # free: f(s)+g(t) weighted lsq via dummies
    D=np.zeros((72,17));D[np.arange(72),B]=1;D[np.arange(72),9+I]=1
    w=np.sqrt(N[k]);cc,*_=np.linalg.lstsq(D[k]*w[:,None],Y[k]*w,rcond=None);fr=D[out]@cc
    for q,gg in enumerate([g[0],g[1],fr,g[2]]): sc[q]+=(N[out]*(Y[out]-gg)**2).sum()
    tot+=N[out].sum()
print(" ".join("%.13g"%v for v in sc/tot))
# collapse
x=S+U;z=Y+U;h=.5;bins=np.floor(x/h);num=0;cnt=0
for q in np.unique(bins):
    m=bins==q
    if len(set(I[m]))>=3: num+=((z[m]-z[m].mean())**2).sum();cnt+=m.sum()
print("%.13g"%np.sqrt(num/cnt))
U2=np.log(np.exp(U)-5.0);X2=np.stack([np.ones(72),S,U2],1);c2,*_=np.linalg.lstsq(X2*W[:,None],Y*W,rcond=None);print("%.13g"%((c2[2]-c2[1]+1)-(c[2]-c[1]+1)))
